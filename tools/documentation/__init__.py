"""The pages of docs/ as HTML that needs no server and no network: what `make docs` builds."""
