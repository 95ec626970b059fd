/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.bridge.session;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;

/**
 * A secret that both ends have, and the proof of having it: HMAC-SHA256 over the role and both nonces. It stops
 * mistakes, not an attacker on the path: frames after the handshake carry no proof. Any thread may call.
 */
public final class SharedKey
{
    static final int NONCE_LENGTH = 32;
    static final int PROOF_LENGTH = 32;
    static final String EXPORTER = "exporter";
    static final String IMPORTER = "importer";

    private static final String ALGORITHM = "HmacSHA256";
    private static final SecureRandom RANDOM = new SecureRandom();

    private final SecretKeySpec key;

    /**
     * @param secret at least one byte.
     */
    public SharedKey(final byte[] secret)
    {
        key = new SecretKeySpec(secret, ALGORITHM);
    }

    /**
     * @return the key of a bridge without a configured secret: the handshake is the same, and proves nothing.
     */
    public static SharedKey none()
    {
        return new SharedKey("none".getBytes(StandardCharsets.US_ASCII));
    }

    static byte[] nonce()
    {
        final byte[] nonce = new byte[NONCE_LENGTH];
        RANDOM.nextBytes(nonce);
        return nonce;
    }

    byte[] proof(final String role, final byte[] importerNonce, final byte[] exporterNonce)
    {
        try
        {
            final Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            mac.update(role.getBytes(StandardCharsets.US_ASCII));
            mac.update(importerNonce);
            mac.update(exporterNonce);
            return mac.doFinal();
        }
        catch (final GeneralSecurityException ex)
        {
            throw new IllegalStateException("each Java platform has " + ALGORITHM, ex);
        }
    }

    boolean isProof(final byte[] proof, final String role, final byte[] importerNonce, final byte[] exporterNonce)
    {
        return MessageDigest.isEqual(proof, proof(role, importerNonce, exporterNonce));
    }
}
