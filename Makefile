# Everything that this project needs on a fresh Debian machine with Swift, gcc, make, git and Python.

SHELL := /bin/bash
# Debian packages: for building, and further ones that only tests and benchmarks use.
PACKAGES := pkg-config libcurl4-openssl-dev libyaml-dev libsqlite3-dev libpq-dev libvips-dev libssl-dev node-llhttp
TEST_PACKAGES := curl procps nginx-light openssl unzip python3-venv libvips-tools libimage-exiftool-perl postgresql faketime \
	chromium chromium-driver
BENCH_PACKAGES := wrk
# With the Swift runtime in it, the daemon runs where Swift is not installed.
SWIFT_BUILD := swift build -c release --static-swift-stdlib
LISTEN ?= 127.0.0.1:8080
DATA_DIR ?= data
PREFIX ?= /usr/local

.PHONY: deps test-deps bench-deps build run dev install test lint format bench soak fuzz clean

deps:
	@scripts/install-packages $(PACKAGES)

test-deps: deps
	@scripts/install-packages $(TEST_PACKAGES)
	@scripts/python-environment

bench-deps: test-deps
	@scripts/install-packages $(BENCH_PACKAGES)

build: deps
	$(SWIFT_BUILD) --product orchestratord
	$(SWIFT_BUILD) --product orchestratorctl

run: build
	@scripts/run $(LISTEN) $(DATA_DIR)

# A throw-away daemon with sandbox pictures; nothing is kept.
dev: build
	@$${ORCHESTRATORD:-.build/release/orchestratord} serve --dev

# PREFIX=/usr/local and DESTDIR as usual; the manual page and the completions are made by the program itself.
install: build
	scripts/install $(DESTDIR)$(PREFIX)

lint:
	swift format lint --strict -r Package.swift Sources Tests examples

format:
	swift format -i -r Package.swift Sources Tests examples

test: test-deps lint
	scripts/test

# Hours: see scripts/soak.
soak: test-deps build
	scripts/soak

# Inputs for the readers of foreign bytes: see scripts/fuzz for RUNS, TIME and ADDRESS.
fuzz: deps
	scripts/fuzz

bench: bench-deps build
	python3 Benchmarks/bench.py

clean:
	rm -rf .build
