"""SAM and MedSAM slice by slice: what models of 2D images make of a volume.

After "Segment Anything" (arXiv 2304.02643) and "Segment Anything in Medical Images"
(arXiv 2304.12306); see docs/explanation/sam-slices.md.
"""
