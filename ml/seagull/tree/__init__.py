"""One forward per image: ROIs and questions as branches of one sequence."""
