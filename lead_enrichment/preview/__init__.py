"""What a change of a contract, file or decision would do, before it is done."""
