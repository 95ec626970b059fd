/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.tools.demo;

import org.junit.jupiter.api.Test;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class JsonTest
{
    @Test
    void shouldWriteEachKindOfMember()
    {
        final Map<String, Object> members = new LinkedHashMap<>();
        members.put("ok", true);
        members.put("failure", null);
        members.put("count", 1_000_000L);
        members.put("seconds", 1.5);

        assertThat(Json.object(members)).isEqualTo(
            "{\n  \"ok\": true,\n  \"failure\": null,\n  \"count\": 1000000,\n  \"seconds\": 1.5\n}\n");
    }

    @Test
    void shouldEscapeWhatJsonDoesNotAllow()
    {
        assertThat(Json.object(Map.of("a\"b", "c\\d\n\u00e4\ud800")))
            .isEqualTo("{\n  \"a\\\"b\": \"c\\\\d\\u000a\u00e4\\ud800\"\n}\n");
    }

    @Test
    void shouldRefuseWhatJsonCannotSay()
    {
        assertThatThrownBy(() -> Json.object(Collections.singletonMap("a", Double.NaN)))
            .isInstanceOf(IllegalArgumentException.class);
    }
}
