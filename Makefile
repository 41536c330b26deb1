# The workshop's doors. Each target is a script of the same name in scripts/, which says what it does; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run assets test lint e2e bench faults fuzz train accuracy docs clean-tests

help: ## List these targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | awk -F'|' '{ printf "make %-12s %s\n", $$1, $$2 }'

run: ## Build and start Gatepost on 127.0.0.1 with a fictional demo company (no set-up, no account anywhere)
	@scripts/run.sh

assets: ## Build the browser side into web-ui/dist (skipped when up to date)
	@scripts/assets.sh

test: ## Install what tests need, then lint, tests on both databases, browser and API checks
	@scripts/test.sh

lint: ## Format, clippy with warnings as errors, licences, shell scripts, TypeScript
	@scripts/lint.sh

e2e: ## Browser tests in Chromium: every page in light, dark and 360 px, accessibility, flows; pictures in artifacts/
	@scripts/e2e.sh

bench: ## Print every figure beside its peer or limit, measured in this run
	@scripts/each.sh scripts/bench/*.sh

faults: ## Fault campaigns: crashes, full disks, torn writes
	@scripts/each.sh scripts/faults.sh scripts/faults/*.sh

fuzz: ## Fuzz every target for FUZZ_SECONDS (default 60) each
	@scripts/fuzz.sh

train: ## Train the shipped model again from its data
	@scripts/each.sh scripts/train.sh

accuracy: ## Measure detection against the peers, on data no rule was made from
	@scripts/each.sh scripts/accuracy/run.sh

docs: ## Build the API documentation, warnings as errors
	@scripts/docs.sh

clean-tests: ## Stop the tests' shared database server
	@scripts/postgres.sh stop
