# Copyright 2026 The jcaps authors.
# SPDX-License-Identifier: Apache-2.0
"""Calls the Java program first.DoublingService: python3 doubling.py LIBCAPS NUMBER..."""
import ctypes
import os
import struct
import sys

caps = ctypes.CDLL(sys.argv[1], use_errno=True)
caps.caps_error.restype = ctypes.c_char_p
FOREVER, USER, WAITSVC = 2**63 - 1, 0x01, 0x40


class MsgId(ctypes.Structure):
    _fields_ = [("id", ctypes.c_int64), ("state", ctypes.c_int), ("outcome", ctypes.c_int)]


port = caps.caps_sys_client(b"doubling", os.geteuid(), -1, 0, USER | WAITSVC)
if port < 0:
    sys.exit(caps.caps_error().decode())
for number in sys.argv[2:]:
    request, reply, msgid = struct.pack("<q", int(number)), ctypes.create_string_buffer(8), MsgId()
    length = caps.caps_sys_call(port, request, 8, reply, 8, ctypes.byref(msgid), ctypes.c_int64(FOREVER))
    if length != 8:
        sys.exit(f"no result, outcome {msgid.outcome}: {caps.caps_error().decode()}")
    print(struct.unpack("<q", reply.raw)[0])
caps.caps_sys_close(port)
