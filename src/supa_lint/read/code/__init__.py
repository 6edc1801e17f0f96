"""What the readers of code share: what a value is worth, and which facts follow from it.

A reader knows one language: its tree, its scopes, its names and its library. It evaluates
expressions to `terms` and comes here for all that is the same in any language:

memory       the state of one evaluation: answers, what is being followed
budget       what all of it may cost
variables    in which order the places that bind a variable count
environment  environment variables as holes in a text, and their defaults
rewriting    which parts of a DSN a change touches, and what is left of the text
texts        texts made of texts, and the parts of a DSN that was taken apart
tables       dicts and objects that grow
constants    which constants are settings
facts        the facts of a file, as they are found
"""
