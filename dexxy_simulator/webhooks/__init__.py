"""The webhooks of GitHub Apps: `payloads` writes what happened, `hookshot` decides who gets it,
`deliveries` keeps what was sent, `sender` sends it by itself."""
