/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * A region as files: directories that no other user can change, the lock file and its locks, creation, mapping. Each
 * file is opened without following links, and checked after that. Not for users.
 */
package io.jcaps.shm.file;
