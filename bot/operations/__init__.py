"""What those who run the bot need: its metrics, its log, and the pages that tell how it does."""
