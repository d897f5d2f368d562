"""The assistant: retrieves, composes, verifies and cites; the chat shows it."""
