# Everything a person or a pipeline runs. Needs git, make and the .NET 10 SDK; `make test` and `make bench` fetch the rest from Debian.
.DEFAULT_GOAL := help
.PHONY: help build build-sidecar build-operator run run-operator crds test test-cluster e2e bench soak lint format clean run-full
SHELL := /bin/bash

export DOTNET_NOLOGO := 1
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_GENERATE_ASPNET_CERTIFICATE := false
export DOTNET_SKIP_WORKLOAD_INTEGRITY_CHECK := 1

SIDECAR := out/sidecar/tier
POLICY  ?= examples/quickstart/policy.yaml
DATA    ?= ./data
ARGS    ?=
WEBHOOK_URL   ?= https://127.0.0.1:9443/
SIDECAR_IMAGE ?= tieroperator/tier:0.1.0
PULL_POLICY   ?= IfNotPresent

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: build-sidecar build-operator ## publish the executables: out/sidecar/tier, out/operator/tier-operator

build-sidecar:
	@.ci/publish sidecar/TierOperator.Sidecar out/sidecar

build-operator:
	@.ci/publish operator/TierOperator.Manager out/operator

run: build-sidecar ## run the sidecar under examples/quickstart (POLICY=, DATA=, ARGS= change that)
	@exec $(SIDECAR) run --policy $(POLICY) --data $(DATA) $(ARGS)

crds: ## write crds/ from the policy model
	@mkdir -p crds
	@dotnet run --project operator/TierOperator.Manager -c Release -v quiet -- crd --output crds/tierpolicies.yaml

run-full: build-sidecar ## a local Redis, a local PostgreSQL and a sidecar over all four tiers, under examples/full
	@exec .ci/run-full $(ARGS)

run-operator: build-operator ## run the operator against the current kubeconfig, webhooks included (WEBHOOK_URL=, SIDECAR_IMAGE=, PULL_POLICY=)
	@exec out/operator/tier-operator run --webhook-url $(WEBHOOK_URL) --sidecar-image $(SIDECAR_IMAGE) --sidecar-pull-policy $(PULL_POLICY) $(ARGS)

test: ## build everything and run every test
	@.ci/run-tests

test-cluster: ## the tests on a real API server: KUBEBUILDER_ASSETS names a folder with etcd and kube-apiserver, or KUBECONFIG a cluster
	@[ -n "$$KUBEBUILDER_ASSETS$$KUBECONFIG" ] || { echo "set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver, or KUBECONFIG to a cluster for tests" >&2; exit 2; }
	@.ci/run-tests --filter-trait Category=Cluster

e2e: build ## the whole path with charts and executables, on KUBECONFIG, on KUBEBUILDER_ASSETS, or on k3s through Docker; says what it skips
	@.ci/e2e

soak: ## the long tests: those of the category Soak, with many more rounds
	@TIER_SOAK=1 .ci/run-tests --filter-trait Category=Soak

bench: build ## measure every target of docs/benchmarks.md (QUICK=1 for a short pass)
	@.ci/install-debian wrk nginx varnish postgresql redis-server
	@dotnet build tests/TierOperator.Benchmarks -c Release -v quiet
	@tests/TierOperator.Benchmarks/bin/Release/net10.0/tier-bench all $(if $(QUICK),--quick) $(ARGS)

lint: build ## check formatting, and the example policies
	@dotnet format TierOperator.sln --verify-no-changes
	@$(SIDECAR) policy lint $$(git ls-files 'examples/*policy.yaml')

format: ## rewrite the source in the house format
	@dotnet format TierOperator.sln

clean: ## remove everything that was built
	@rm -rf out TestResults BenchmarkDotNet.Artifacts
	@find sidecar operator tests -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} + 2>/dev/null || true
