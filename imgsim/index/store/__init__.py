"""What every store keeps, in protocols by what it is, and the records that they are in."""
