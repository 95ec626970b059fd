/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.bridge;

import io.jcaps.bridge.BridgeEvent;

import java.util.HashSet;
import java.util.Set;

/**
 * Decides whether a bridge can still import. It cannot if each bridge that it imports from has refused it, because of
 * its key or its version, and none has ever admitted it. Once one has admitted it, a refusal may be temporary.
 */
final class Admission
{
    private final Set<String> refused = new HashSet<>();
    private final int endpointCount;
    private boolean isAdmitted;

    /**
     * @param endpointCount number of endpoints of all imports; 0 if the bridge also exports, so that a refusal never
     *                      ends it.
     */
    Admission(final int endpointCount)
    {
        this.endpointCount = endpointCount;
    }

    boolean isRefused(final BridgeEvent event)
    {
        isAdmitted |= BridgeEvent.Kind.CONNECTED == event.kind();
        if (event.isImport() && BridgeEvent.Kind.ENDED == event.kind() &&
            (event.detail().startsWith("refused: ") || event.detail().contains(" of the protocol, this one ")))
        {
            refused.add(event.service() + '@' + event.peer());
        }
        return !isAdmitted && endpointCount > 0 && refused.size() == endpointCount;
    }
}
