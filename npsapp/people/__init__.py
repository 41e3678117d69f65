"""Who can log in: the first admin, invitations, passwords."""
