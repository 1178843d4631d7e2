"""The command line: one thin command per verb, the same verbs as the app."""
