#!/bin/sh
echo "executable bit kept"
