"""The skill's interaction models: what people say, in one source a language, and what it means."""
