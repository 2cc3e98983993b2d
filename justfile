# Recipes for daily work; `just` lists them. CI runs `.ci/run`, which is the authority on what has to hold.

_list:
    @just --list --unsorted

# All tests, those over real HTTP included.
test *arguments:
    cargo test --workspace {{arguments}}

# Format, lints, licences and banned crates.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    cargo deny check licenses bans sources

# What CI runs.
ci:
    .ci/run

# Plans the example company and applies it in its sandbox. No tracked file changes.
demo:
    cargo run -- apply examples/acme --sandbox --auto-approve

# Puts the example's sandbox back to where it began.
demo-reset:
    rm -rf examples/acme/.rolecall

# Writes snapshots and generated documents anew. Read the difference before you commit it.
update-snapshots:
    INSTA_UPDATE=always INSTA_FORCE_PASS=1 UPDATE_DOCS=1 cargo test --workspace
    git status --short

# The API documentation of the workspace.
docs:
    cargo doc --workspace --no-deps
