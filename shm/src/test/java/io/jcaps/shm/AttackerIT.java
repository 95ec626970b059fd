/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package io.jcaps.shm;

import io.jcaps.layout.RegionException;
import io.jcaps.shm.inspect.RegionErrors;
import io.jcaps.shm.inspect.RegionView;
import io.jcaps.shm.inspect.StaleFiles;
import io.jcaps.shm.os.FileStat;
import io.jcaps.testkit.Extent;
import org.agrona.IoUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Root uses directories that another user, or a member of their group, can write to, who swaps files in them all the
 * time. What is root's alone must stay as it is. Needs root, to start the other user's process.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AttackerIT
{
    private static final int ATTACKS = Integer.getInteger("caps.test.attacks", 300);
    private static final int LOOKS = Integer.getInteger("caps.test.attacks", Extent.of(60, 300));
    private static final int MANY_ATTACKS = Integer.getInteger("caps.test.attacks", 3_000);
    /** In one of so many attacks the victim must succeed in what it does, or the attacker would have had no chance. */
    private static final int ATTACKS_PER_SUCCESS = 10;
    private static final long TRIES_NS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long SEED =
        Long.getLong("caps.test.seed", ThreadLocalRandom.current().nextLong(Long.MAX_VALUE));
    private static final String SECRET = "only root's";
    private static final int UID = 54_321;
    private static final int GID = 54_322;
    private static final int VICTIM_UID = 54_323;

    @RegisterExtension
    private final RegionFixture fixture = new RegionFixture();

    private Path classes;
    private String classPath;
    private Path secret;
    private FileStat secretStat;
    private FileStat secretPlaceStat;
    private Process attacker;
    private BufferedReader output;

    @BeforeEach
    void before() throws IOException
    {
        RegionFixture.assumeRoot();
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "setpriv is needed");
        System.out.println("attacks: -Dcaps.test.seed=" + SEED);
        classes = Files.createTempDirectory("jcaps-classes-");
        Files.setPosixFilePermissions(classes, PosixFilePermissions.fromString("rwxr-xr-x"));
        classPath = PeerJvm.publicClassPath(classes);
        Files.setPosixFilePermissions(fixture.directory(), PosixFilePermissions.fromString("rwxr-xr-x"));
        final Path place = Files.createDirectory(fixture.directory().resolve("root"));
        Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxr-xr-x"));
        secret = Files.writeString(place.resolve("secret"), SECRET);
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
        noteSecret();
    }

    @AfterEach
    void after()
    {
        if (null != attacker)
        {
            attacker.destroyForcibly().onExit().join();
        }
        if (null != classes)
        {
            IoUtil.delete(classes.toFile(), true);
        }
    }

    private void noteSecret() throws IOException
    {
        secretStat = FileStat.of(secret);
        secretPlaceStat = FileStat.of(secret.getParent());
    }

    private void assertSecretIsKept() throws IOException
    {
        assertThat(FileStat.of(secret)).isEqualTo(secretStat);
        assertThat(FileStat.of(secret.getParent())).isEqualTo(secretPlaceStat);
    }

    private Path directory(final int uid, final int gid, final int mode) throws IOException
    {
        final Path directory = Files.createDirectory(fixture.directory().resolve("shared"));
        Files.setAttribute(directory, "unix:uid", uid);
        Files.setAttribute(directory, "unix:gid", gid);
        Files.setAttribute(directory, "unix:mode", mode);
        return directory;
    }

    private void start(final String what, final Path directory, final Path wanted) throws IOException
    {
        final List<String> launcher = List.of(
            "setpriv", "--reuid=" + UID, "--regid=" + GID, "--clear-groups");
        attacker = new ProcessBuilder(Attacker.command(launcher, classPath, what, directory, wanted, SEED))
            .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        output = new BufferedReader(new InputStreamReader(attacker.getInputStream(), StandardCharsets.US_ASCII));
        assertThat(output.readLine()).isEqualTo("ready");
    }

    /** How often it could swap something. */
    private int stop() throws IOException
    {
        attacker.getOutputStream().write('\n');
        attacker.getOutputStream().flush();
        return Integer.parseInt(output.readLine());
    }

    @Test
    @DisplayName("F23: a group's member who swaps what is being made gets no file of the creator's given to the group")
    void shouldNotGiveAwayFilesOfCreator() throws IOException
    {
        attackCreation(ATTACKS);
    }

    @Test
    @Tag("full")
    @DisplayName("F23: the same, a few thousand times")
    void shouldNotGiveAwayFilesOfCreatorManyTimes() throws IOException
    {
        attackCreation(MANY_ATTACKS);
    }

    private void attackCreation(final int attacks) throws IOException
    {
        final Path shared = directory(0, GID, 02770);
        start("creation", shared, secret);
        // An open tries again until its time limit: an attack consists of some tries.
        final RegionConfig config = fixture.config().path(shared.resolve("region")).access(Access.GROUP)
            .attachTimeoutNs(TRIES_NS);
        int made = 0;
        for (int i = 0; i < attacks || made < attacks / ATTACKS_PER_SUCCESS; i++)
        {
            try (ShmHost host = ShmHost.open(config))
            {
                assertThat(host.header().geometry()).isEqualTo(RegionFixture.SMALL);
                made++;
            }
            catch (final RegionException ex)
            {
                assertThat(ex).hasMessageContaining(shared.toString());
            }
            Files.deleteIfExists(config.path());
            assertSecretIsKept();
        }
        assertThat(Files.readString(secret)).isEqualTo(SECRET);
        System.out.println("attacks on creation: " + attacks + ", " + stop() + " swaps, " + made +
            " regions made all the same");
    }

    @Test
    @DisplayName("F23: a user who swaps a directory for a link while it is tidied gets no other file removed")
    void shouldNotRemoveFilesElsewhere() throws IOException
    {
        attackReap(ATTACKS);
    }

    @Test
    @Tag("full")
    @DisplayName("F23: the same, a few thousand times")
    void shouldNotRemoveFilesElsewhereManyTimes() throws IOException
    {
        attackReap(MANY_ATTACKS);
    }

    private void attackReap(final int attacks) throws IOException
    {
        Files.setAttribute(fixture.directory(), "unix:mode", 01777);
        // What root has there looks as what is removed.
        final Path own = secret.resolveSibling("region");
        final RegionConfig config = fixture.config().path(own);
        ShmHost.open(config).close();
        final Path left = Files.write(secret.resolveSibling("region~0123456789abcdef.tmp"), new byte[1]);
        noteSecret();
        final Path shared = directory(UID, GID, 0755);
        start("reap", shared, secret.getParent());
        int removed = 0;
        for (int i = 0; i < attacks || removed < attacks / ATTACKS_PER_SUCCESS; i++)
        {
            try
            {
                removed += StaleFiles.remove(shared.resolve("region"), Access.WORLD, true).size();
            }
            catch (final RegionException ex)
            {
                assertThat(ex).hasMessageContaining(shared.toString());
            }
            assertThat(own).exists();
            assertThat(config.lockPath()).exists();
            assertThat(left).exists();
            assertSecretIsKept();
        }
        System.out.println("attacks on reap: " + attacks + ", " + stop() + " swaps, " + removed + " files removed");
    }

    @Test
    @DisplayName("F23: a user who puts a link in the place of a missing directory gets none made where it leads")
    void shouldNotMakeDirectoriesElsewhere() throws IOException
    {
        attackMissing(ATTACKS);
    }

    @Test
    @Tag("full")
    @DisplayName("F23: the same, a few thousand times")
    void shouldNotMakeDirectoriesElsewhereManyTimes() throws IOException
    {
        attackMissing(MANY_ATTACKS);
    }

    private void attackMissing(final int attacks) throws IOException
    {
        final Path shared = directory(0, 0, 01777);
        final Path missing = shared.resolve("missing");
        final Path below = missing.resolve("below");
        start("squat", shared, secret.getParent());
        int made = 0;
        for (int i = 0; i < attacks || made < attacks / ATTACKS_PER_SUCCESS; i++)
        {
            final RegionConfig config = fixture.config().path(below.resolve("region"))
                .access(0 == i % 2 ? Access.PRIVATE : Access.WORLD);
            try (ShmHost host = ShmHost.open(config))
            {
                assertThat(host.header().geometry()).isEqualTo(RegionFixture.SMALL);
                made++;
            }
            catch (final RegionException ex)
            {
                assertThat(ex).hasMessageContaining(shared.toString());
            }
            assertThat(RegionFixture.names(secret.getParent())).containsExactly("secret");
            assertSecretIsKept();
            final FileStat stat = FileStat.of(missing);
            if (null != stat && stat.isDirectory() && 0 == stat.uid())
            {
                IoUtil.delete(missing.toFile(), false);
            }
        }
        System.out.println("attacks on missing directories: " + attacks + ", " + stop() + " swaps, " + made +
            " regions made all the same");
    }

    @Test
    @DisplayName("F23: a member who swaps the directory, below one that the group can write to, changes no other")
    void shouldNotChangeFilesElsewhere() throws IOException
    {
        attackAbove(LOOKS);
    }

    @Test
    @Tag("full")
    @DisplayName("F23: the same, a few thousand times")
    void shouldNotChangeFilesElsewhereManyTimes() throws IOException
    {
        attackAbove(MANY_ATTACKS);
    }

    private void attackAbove(final int attacks) throws IOException
    {
        final Path above = directory(0, GID, 02770);
        final Path shared = Files.createDirectory(above.resolve("swapped"));
        Files.setAttribute(shared, "unix:gid", GID);
        Files.setAttribute(shared, "unix:mode", 02770);
        // What root has there looks as what is made, used and removed.
        final Path own = secret.resolveSibling("region");
        final RegionConfig elsewhere = fixture.config().path(own);
        ShmHost.open(elsewhere).close();
        Files.createFile(Files.createDirectory(secret.resolveSibling("region~0123456789abcdef.tmp"))
            .resolve("0123456789abcdef"));
        final List<String> names = tree(secret.getParent());
        noteSecret();
        start("above", shared, secret.getParent());
        // An open tries again until its time limit: an attack consists of some tries.
        final RegionConfig config = fixture.config().path(shared.resolve("region")).access(Access.GROUP)
            .attachTimeoutNs(TRIES_NS);
        int made = 0;
        for (int i = 0; i < attacks || 0 == made; i++)
        {
            try (ShmHost host = ShmHost.open(config))
            {
                assertThat(host.header().geometry()).isEqualTo(RegionFixture.SMALL);
                made++;
            }
            catch (final RegionException ex)
            {
                assertThat(ex).hasMessageContaining(shared.toString());
            }
            assertThat(tree(secret.getParent())).isEqualTo(names);
            assertSecretIsKept();
        }
        System.out.println("attacks below a group's directory: " + attacks + ", " + stop() + " swaps, " + made +
            " regions made or joined all the same");
    }

    private static List<String> tree(final Path directory) throws IOException
    {
        try (Stream<Path> paths = Files.walk(directory))
        {
            return paths.map(Path::toString).sorted().toList();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("F23: a member who puts a named pipe in the place of the group's files keeps no reader waiting")
    void shouldNotWaitForPipe(final boolean hasJna) throws IOException
    {
        final Path shared = directory(0, GID, 02770);
        final Path path = shared.resolve("region");
        final List<String> launcher =
            List.of("setpriv", "--reuid=" + VICTIM_UID, "--regid=" + GID, "--clear-groups");
        final String victimPath = hasJna ? classPath :
            classPath.substring(0, classPath.lastIndexOf(File.pathSeparator));
        final PeerJvm victim = fixture.closing(PeerJvm.start(launcher,
            Stream.concat(PeerJvm.JVM_OPTIONS.stream(), Stream.of("-Djava.io.tmpdir=/tmp")).toList(), victimPath));
        assertThat(victim.ask("open " + path + " GROUP")).doesNotStartWith("!");
        Files.createDirectory(shared.resolve("region~0123456789abcdef.tmp"));
        start("pipe", shared, secret);
        final String seen = victim.ask("look " + path + " GROUP " + LOOKS);
        final int swapCount = stop();
        System.out.println("attacks on looks" + (hasJna ? "" : " without JNA") + ": " + swapCount + " swaps, " + seen +
            " of " + LOOKS + " looks of each kind saw it");
        assertThat(swapCount).isPositive();
        // Without JNA only a region of trusted users is looked at.
        assertThat(seen.substring(1, seen.indexOf(','))).isNotEqualTo("0");
        assertThat(victim.ask("close")).isEqualTo("closed");
    }

    @Test
    @DisplayName("F23: another user's lease on a file of that user does not delay a process that looks at it")
    void shouldNotWaitForLease() throws IOException
    {
        final Path shared = directory(0, 0, 0755);
        final Path path = shared.resolve("region");
        final Path model = shared.resolve("model");
        ShmHost.open(fixture.config().path(model).access(Access.WORLD)).close();
        // A copy: there is no lease on what anybody has mapped.
        Files.copy(model, path);
        Files.setAttribute(path, "unix:uid", UID);
        assertThat(RegionView.isRegion(path)).isTrue();
        start("lease region", shared, secret);
        // A reader that waits for the end of the lease, which is 6 s away, finds that it is a region.
        assertThat(RegionView.isRegion(path)).isFalse();
        assertThatThrownBy(() -> RegionView.open(path)).hasMessageContaining("lease");
        assertThatThrownBy(() -> RegionErrors.read(path)).hasMessageContaining("lease");
        assertThat(stop()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"region", "region.lock"})
    @DisplayName("F23: the owner's lease on a file of a region that others use does not delay other users' calls")
    void shouldNotWaitForLeaseWhenAttaching(final String name) throws IOException
    {
        final Path shared = directory(UID, GID, 0755);
        final Path path = shared.resolve("region");
        final Path lockPath = shared.resolve("region.lock");
        ShmHost.open(worldConfig(path)).close();
        // A copy: there is no lease on what anybody has mapped.
        final Path copy = Files.copy(path, shared.resolve("copy"));
        Files.move(copy, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        Files.setAttribute(path, "unix:uid", UID);
        Files.setAttribute(lockPath, "unix:uid", UID);
        start("lease " + name, shared, secret);
        // A call that waits for the end of the lease, which is 6 s away, succeeds.
        final String inode = "inode " + FileStat.of(shared.resolve(name)).ino();
        assertThatThrownBy(() -> ShmHost.open(worldConfig(path))).isInstanceOf(RegionException.class)
            .hasMessageContainingAll(shared.resolve(name).toString(), "lease", "uid " + UID, inode, "/proc/locks");
        if (path.endsWith(name))
        {
            assertThatThrownBy(() -> RegionView.open(path, Access.WORLD)).hasMessageContaining("lease");
        }
        else
        {
            try (RegionView view = RegionView.open(path, Access.WORLD))
            {
                assertThat(view.lifeProblem()).contains(lockPath.toString(), "lease");
            }
            assertThat(StaleFiles.remove(path, Access.WORLD, true)).isEmpty();
        }
        assertThat(stop()).isEqualTo(1);
        attacker.onExit().join();
        ShmHost.open(worldConfig(path)).close();
    }

    private RegionConfig worldConfig(final Path path)
    {
        return fixture.config().path(path).access(Access.WORLD);
    }
}
