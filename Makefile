# One entry point: people and CI call the same targets. `make help` lists them.

SHELL := /bin/bash
PREFIX ?= /usr/local
DESTDIR ?=
RELEASE := .build/release
# The terminal tests need a UTF-8 locale, whatever the machine has set.
export LC_ALL := C.UTF-8

.DEFAULT_GOAL := help
.PHONY: help setup setup-sites test-sites build run run-montage test lint fuzz chaos bench bench-screen \
  bench-sites screenshots report-picture programs manual install uninstall deb dist test-packages

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing from Debian: ncurses, hiredis, libyaml, libexpat, OpenSSL, Redis, tmux
	@scripts/setup libncurses-dev libhiredis-dev libyaml-dev libexpat1-dev libssl-dev openssl redis-server tmux

build: setup ## Build the programs, optimised
	swift build -c release

run: build ## Run the RemoteJobs example and watch it
	@scripts/run-example RemoteJobs

run-montage: build ## Make a small astronomical mosaic with Debian's montage, and say where it is
	@scripts/setup montage python3
	@scripts/run-example Montage

# The tests start real programs, each with a Redis and a worker: more at a time would only wait for each other.
TEST_WIDTH ?= 6
test: setup setup-sites lint ## Check the formatting, build without warnings, run all tests
	scripts/build-without-warnings
	swift test --skip-build --experimental-maximum-parallelization-width $(TEST_WIDTH)

# Hosts, a Slurm cluster and containers on this machine; without root, their tests are skipped.
setup-sites:
	@[ "$$(id -u)" -ne 0 ] || scripts/setup openssh-server openssh-client rsync iproute2 procps \
	  slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge bubblewrap charliecloud podman runc \
	  docker.io busybox-static

test-sites: setup setup-sites ## Run all tests of ssh hosts, Slurm and Kubernetes, also the long ones (root)
	HFLOW_SITES=all swift test --filter \
	  "SitesTests|SSHSiteTests|Slurm.*Tests|StagingTests|InstallTests|SteeringTests|Kubernetes.*Tests|DeployTests"

lint: ## Check the formatting
	swift format lint --strict --recursive Sources Tests Package.swift

FUZZ_ROUNDS ?= 100000
fuzz: ## Read 100,000 damaged workflow files, and press as many keys (FUZZ_ROUNDS)
	HFLOW_FUZZ_ROUNDS=$(FUZZ_ROUNDS) swift test --filter "WorkflowTests.MutationTests|TUITests.FuzzTests"

SEEDS ?= 200
INFRASTRUCTURE_SEEDS ?= 1000
chaos: setup ## Kill engine, worker and Redis at SEEDS seeded moments (200); 1,000 bad infrastructures
	HFLOW_CHAOS_SEEDS=$(SEEDS) HFLOW_INFRASTRUCTURE_SEEDS=$(INFRASTRUCTURE_SEEDS) \
	  swift test --filter "EndToEndTests.ChaosTests|RunnerTests.UnreliableInfrastructureTests"

bench: build ## Measure against xargs, and the reading of big files; prints a table
	@scripts/setup python3
	@Benchmarks/bench

bench-screen: build ## Measure the screen: first paint, keys, output, idling; prints a table
	@scripts/setup python3 redis-server
	@Benchmarks/bench-screen

bench-sites: build setup-sites ## Measure ssh hosts and a Slurm cluster on this machine; prints a table (root)
	@scripts/setup python3
	@Benchmarks/bench-sites

screenshots: build ## Run real sessions in tmux and make pictures and a film of them in screenshots/
	@scripts/setup tmux librsvg2-bin fonts-dejavu-core python3 python3-pil montage
	screenshots/make

report-picture: build ## Run the Montage example and render its report into docs/report.png
	@scripts/setup montage python3 chromium
	screenshots/report

# What is installed or packaged: the programs with the Swift runtime, hiredis, libyaml, libexpat, OpenSSL and ncurses
# linked in.
STATIC := .build-static
STATIC_PROGRAMS := $(STATIC)/release
STAGED := $(STATIC)/staged
programs:
	@scripts/setup libncurses-dev libhiredis-dev libyaml-dev libexpat1-dev libssl-dev binutils
	@scripts/static-libraries $(STATIC)/libraries
	swift build -c release --static-swift-stdlib --quiet --scratch-path $(STATIC) \
	  -Xlinker -L$(CURDIR)/$(STATIC)/libraries

manual: programs
	@scripts/setup python3 lowdown
	rm -rf $(STATIC)/manual
	scripts/man-pages $(STATIC_PROGRAMS) $(STATIC)/manual

install: programs manual ## Install programs, manual pages and completions under PREFIX (/usr/local)
	scripts/install-files $(STATIC_PROGRAMS) $(STATIC)/manual "$(DESTDIR)" "$(PREFIX)"

uninstall: ## Remove what `make install` has installed under PREFIX
	scripts/install-files --remove "$(DESTDIR)" "$(PREFIX)"

deb: programs manual ## Build a Debian package in .build-static
	@scripts/setup dpkg-dev lintian
	rm -rf $(STAGED)
	scripts/install-files $(STATIC_PROGRAMS) $(STATIC)/manual $(STAGED) /usr
	scripts/package deb $(STAGED) $(STATIC)

dist: programs manual ## Build a tarball in .build-static that runs without Swift
	rm -rf $(STAGED)
	scripts/install-files $(STATIC_PROGRAMS) $(STATIC)/manual $(STAGED) /
	scripts/package tarball $(STAGED) $(STATIC)

test-packages: deb dist ## Install, run and remove the packages in a fresh Debian 12 (root)
	@scripts/setup debootstrap
	scripts/test-packages $(STATIC)
