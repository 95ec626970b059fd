# The tests of libcaps. Programs are linked to the static library, so that they run from anywhere; those that look inside
# are linked to the sources.

TEST_CFLAGS = $(filter-out -fvisibility=hidden -Wcast-qual,$(CAPS_CFLAGS)) -Wno-tsan
PROGRAMS = driver rules odd alone manual forks pair_server pair_client exchange geometries golden stuck
STANDARDS = gnu89 gnu99 gnu11 gnu17
FORKS = 10000
MUTATIONS = 1000000

EXAMPLES = ping_service ping_client gateway

programs: $(PROGRAMS:%=$(BUILD)/%) $(EXAMPLES:%=$(BUILD)/%) $(BUILD)/driver-steps

# As a user's program: linked to the shared library, found beside it.
$(EXAMPLES:%=$(BUILD)/%): $(BUILD)/%: examples/%.c $(BUILD)/libcaps.so.$(SOVERSION)
	$(CC) -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror $(CFLAGS) -Iinclude/libcaps $< -L$(BUILD) -lcaps \
	    '-Wl,-rpath,$$ORIGIN' -o $@

$(BUILD)/%: test/%.c test/check.h test/watchdog.h $(BUILD)/libcaps.a
	$(CC) $(TEST_CFLAGS) $(CFLAGS) $< $(BUILD)/libcaps.a $(LIBS) $(LDFLAGS) -o $@

$(BUILD)/geometries: test/geometries.c src/geometry.c $(HEADERS)
	$(CC) $(TEST_CFLAGS) $(CFLAGS) test/geometries.c src/geometry.c -o $@

$(BUILD)/golden: test/golden.c $(SOURCES) $(HEADERS)
	$(CC) $(TEST_CFLAGS) $(CFLAGS) test/golden.c src/header.c src/geometry.c src/entries.c src/fail.c -o $@

# A program of the original's time, in each C that one may be compiled as: not one warning.
$(BUILD)/original.stamp: test/pair_server.c test/pair_client.c test/exchange.c $(HEADERS)
	for standard in $(STANDARDS); do for file in test/pair_server.c test/pair_client.c test/exchange.c; do \
	    $(CC) -std=$$standard -Wall -Wextra -Werror -Iinclude/libcaps -c $$file -o /dev/null || exit 1; done; done
	$(CC) -std=c11 -Wall -Wextra -Werror -pedantic -Iinclude/libcaps -include libcaps.h -x c -c /dev/null -o /dev/null
	touch $@

$(BUILD)/%-asan: test/%.c $(SOURCES) $(HEADERS) test/check.h test/watchdog.h
	$(CC) $(TEST_CFLAGS) -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all $< $(SOURCES) $(LIBS) -o $@

$(BUILD)/%-tsan: test/%.c $(SOURCES) $(HEADERS) test/check.h test/watchdog.h
	$(CC) $(TEST_CFLAGS) -O1 -g -fsanitize=thread $< $(SOURCES) $(LIBS) -o $@

# Can be told to end before any of its stores.
$(BUILD)/driver-steps: test/driver.c $(SOURCES) $(HEADERS)
	$(CC) $(TEST_CFLAGS) $(CFLAGS) -DCAPS_STEPS $< $(SOURCES) $(LIBS) -o $@

$(BUILD)/steps $(BUILD)/ends: $(BUILD)/%: test/%.c $(SOURCES) $(HEADERS) test/check.h test/watchdog.h
	$(CC) $(TEST_CFLAGS) $(CFLAGS) -DCAPS_STEPS $< $(SOURCES) $(LIBS) -o $@

check: all programs $(BUILD)/original.stamp $(BUILD)/rules-asan $(BUILD)/rules-tsan $(BUILD)/odd-asan $(BUILD)/odd-tsan \
    $(BUILD)/alone-asan $(BUILD)/alone-tsan $(BUILD)/forks-asan $(BUILD)/fuzz-asan $(BUILD)/steps $(BUILD)/ends
	$(BUILD)/rules
	$(BUILD)/odd
	$(BUILD)/alone
	$(BUILD)/manual
	$(BUILD)/forks 200
	$(BUILD)/steps
	$(BUILD)/ends
	$(BUILD)/stuck
	CC=$(CC) test/install.sh .
	$(BUILD)/rules-asan
	$(BUILD)/odd-asan
	$(BUILD)/alone-asan
	$(BUILD)/forks-asan 40
	TSAN_OPTIONS="halt_on_error=1 die_after_fork=0" $(BUILD)/rules-tsan
	TSAN_OPTIONS="halt_on_error=1 die_after_fork=0" $(BUILD)/odd-tsan
	TSAN_OPTIONS="halt_on_error=1 die_after_fork=0" $(BUILD)/alone-tsan
	$(BUILD)/fuzz-asan 1 20000

soak: check
	$(BUILD)/forks $(FORKS)
	valgrind -q --error-exitcode=1 --leak-check=full $(BUILD)/rules
	$(BUILD)/fuzz-asan $$(date +%s) $(MUTATIONS)

.PHONY: programs check soak

# The contenders jcaps-c and floor-c of ./caps bench: linked to the static library.
CELLS = jcaps_c floor_c

programs cells: $(CELLS:%=$(BUILD)/%)
$(CELLS:%=$(BUILD)/%): $(BUILD)/%: bench/%.c bench/cell.h $(BUILD)/libcaps.a
	$(CC) $(TEST_CFLAGS) -O3 -g $< $(BUILD)/libcaps.a $(LIBS) -o $@

.PHONY: cells
