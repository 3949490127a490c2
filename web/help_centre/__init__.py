"""The help centre (S01): what people ask, by theme, searched, each question a page of its own."""
