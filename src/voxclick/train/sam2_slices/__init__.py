"""The recipe of SAM 2 on clips of slices: its mask decoder and its memory learn, its eyes stay.

After the training of SAM 2 (arXiv 2408.00714, appendix D.2) with the numbers of MedSAM2
(arXiv 2504.03600), whose configuration file is public; what they leave open, or what is another
thing here, is said where it is.
"""
