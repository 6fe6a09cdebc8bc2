"""What is written about reserves: custody, backing, proofs."""
