# Two commands: `make demo` and `make test`. Both work from a clean clone.

BUILD = swift build -c release
# Without @testable, the tests and the product share one build.
TEST = scripts/in-temporary-folder swift test -c release --disable-testable-imports
DEMAND = .build/release/demand

.PHONY: demo test kills fuzz build format format-check clean

build:
	@scripts/system-libraries build
	$(BUILD) --product demand

# A simulated retailer, the nightly batch on SQLite, and where its report is.
demo: build
	@scripts/demo $(DEMAND)

# Release, because the numeric tests are some fifty times slower without optimisation.
test:
	@scripts/system-libraries test
	$(TEST)

# A load killed at 200 random moments, on each database.
kills:
	@scripts/system-libraries test
	DEMAND_KILLS=200 $(TEST) --filter killedLoads

# Damaged deliveries of all notations through the whole way from a file to the database, ten minutes or
# `make fuzz FUZZ_SECONDS=20`. A failure prints its seed; `DEMAND_FUZZ_SEED=seed make fuzz` repeats it.
FUZZ_SECONDS = 600
fuzz:
	@scripts/system-libraries test
	DEMAND_FUZZ_SECONDS=$(FUZZ_SECONDS) $(TEST) --filter ReaderFuzzTests

format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests

format-check:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests

clean:
	rm -rf .build demo
