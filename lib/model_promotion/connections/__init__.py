"""How the outside is reached: logins, deadlines, and what its errors mean to us."""
