/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.layout.Geometry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

class RegionConfigTest
{
    @AfterEach
    void clearProperties()
    {
        System.clearProperty(RegionConfig.REGION_PROPERTY);
        System.clearProperty(RegionConfig.ENABLED_PROPERTY);
        System.clearProperty(RegionConfig.FUTEX_PROPERTY);
    }

    @Test
    void shouldHaveDefaultsThatSuitOneUser()
    {
        final RegionConfig config = new RegionConfig().conclude();

        assertThat(config.path()).isAbsolute();
        assertThat(config.path().getFileName()).hasToString("default");
        assertThat(config.path().getParent().getFileName().toString()).startsWith("jcaps-");
        assertThat(config.geometry()).isEqualTo(Geometry.DEFAULT);
        assertThat(config.access()).isEqualTo(Access.PRIVATE);
        assertThat(config.createIfMissing()).isTrue();
        assertThat(config.enabled()).isTrue();
        assertThat(config.futex()).isTrue();
        assertThat(config.hugePages()).isFalse();
        assertThat(config.attachTimeoutNs()).isEqualTo(TimeUnit.SECONDS.toNanos(5));
        assertThat(config.watchIntervalNs()).isEqualTo(TimeUnit.MILLISECONDS.toNanos(30));
    }

    @Test
    @DisplayName("R10: the library can be switched off by a system property")
    void shouldTakeDefaultsFromSystemProperties()
    {
        System.setProperty(RegionConfig.REGION_PROPERTY, "/somewhere/else");
        System.setProperty(RegionConfig.ENABLED_PROPERTY, "false");
        System.setProperty(RegionConfig.FUTEX_PROPERTY, "false");
        final RegionConfig config = new RegionConfig();

        assertThat(config.path()).isEqualTo(Path.of("/somewhere/else"));
        assertThat(config.enabled()).isFalse();
        assertThat(config.futex()).isFalse();
        assertThat(config.path(Path.of("/set")).path()).isEqualTo(Path.of("/set"));
        assertThat(config.enabled(true).enabled()).isTrue();
        assertThat(config.futex(true).futex()).isTrue();
    }

    @Test
    void shouldNotChangeOnceConcluded()
    {
        final RegionConfig config = new RegionConfig().path(Path.of("relative")).conclude().conclude();

        assertThat(config.path()).isEqualTo(Path.of("relative").toAbsolutePath());
        assertThatIllegalStateException().isThrownBy(() -> config.futex(false));
        assertThatIllegalStateException().isThrownBy(() -> config.hugePages(true));
        assertThatIllegalStateException().isThrownBy(() -> config.path(Path.of("/x/y")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/dev/shm/x/..", "/dev/shm/.", "/dev/shm/x/region.lock"})
    void shouldRefusePathThatNamesNoRegion(final String path)
    {
        final RegionConfig config = new RegionConfig().path(Path.of(path));

        assertThatIllegalArgumentException().isThrownBy(config::conclude).withMessageContaining("path=" + path);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    void shouldRefuseTimeThatIsNotPositive(final long timeNs)
    {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> new RegionConfig().attachTimeoutNs(timeNs).conclude())
            .withMessageContaining("attachTimeoutNs=" + timeNs);
        assertThatIllegalArgumentException()
            .isThrownBy(() -> new RegionConfig().watchIntervalNs(timeNs).conclude())
            .withMessageContaining("watchIntervalNs=" + timeNs);
    }

    @Test
    void shouldRefuseWhatIsNull()
    {
        assertThatNullPointerException().isThrownBy(() -> new RegionConfig().geometry(null).conclude())
            .withMessageContaining("geometry");
        assertThatNullPointerException().isThrownBy(() -> new RegionConfig().access(null).conclude())
            .withMessageContaining("access");
    }
}
