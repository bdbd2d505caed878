#!/bin/sh
# The challenge runs this once a round, with one case in inputs/.
set -e
cd /workspace
voxclick predict inputs outputs --model "${VOXCLICK_MODEL:-builtin}"
