"""How well a mask agrees with the truth: overlap, surfaces, and progress over clicks."""
