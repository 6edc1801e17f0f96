"""What the readers of code share: what a value is worth, and which facts follow from it.

A reader knows one language: its tree, its scopes, its names and its library. It evaluates
expressions to `terms` and asks here for everything that is the same in any language: `memory` keeps
the state of that evaluation within its `budget`, `environment` makes holes of variables and their
defaults, `texts` and `tables` put values together, `rewriting` says what a change leaves of a DSN.
"""
