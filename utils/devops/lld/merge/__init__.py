"""From facts to one design: each once, in its fullest statement; contradictions are problems."""
