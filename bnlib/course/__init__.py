"""The course as a whole: its sources, the notebooks made of them, and a learner's own copies."""
