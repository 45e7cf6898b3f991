"""What the tests need to run real servers and to read what their agents say."""
