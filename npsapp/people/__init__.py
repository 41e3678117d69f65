"""Who can log in: the first admin, invitations, passwords, and what slows a guesser down."""
