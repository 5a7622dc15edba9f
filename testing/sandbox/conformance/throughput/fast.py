# Prints 40 MB of numbered lines as fast as possible, and how long that took.
import sys
import time

start = time.time()
line = "x" * 92
for number in range(400_000):
    sys.stdout.write(f"{number:07d}{line}\n")
sys.stdout.flush()
print(f"wrote 40 MB in {time.time() - start:.1f} s")
