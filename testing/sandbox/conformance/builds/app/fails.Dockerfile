ARG BASE
FROM $BASE
RUN cat not-there.txt
