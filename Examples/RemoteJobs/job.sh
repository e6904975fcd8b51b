#!/bin/sh
# Stands for an application: computes for about three seconds, waits for three, writes to both
# streams all the while.
echo "job started with arguments: $*"
end=$(($(date +%s%3N) + 3000))
candidate=2
found=0
while [ "$(date +%s%3N)" -lt "$end" ]; do
  batch=$((candidate + 2500))
  while [ "$candidate" -lt "$batch" ]; do
    divisor=2
    prime=yes
    while [ $((divisor * divisor)) -le "$candidate" ]; do
      if [ $((candidate % divisor)) -eq 0 ]; then
        prime=no
        break
      fi
      divisor=$((divisor + 1))
    done
    [ "$prime" = yes ] && found=$((found + 1))
    candidate=$((candidate + 1))
  done
  echo "$found primes below $candidate"
done
echo "computing is done, the results are being stored" >&2
for part in 1 2 3; do
  echo "storing part $part of 3" >&2
  sleep 1
done
echo "job finished: $found primes below $candidate"
