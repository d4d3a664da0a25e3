//go:build !purego

#include "textflag.h"

// MARK makes OUT the marks of the 16 bytes at OFF(SI), a bit each, and adds
// them to X7, which gathers the high bits. Bytes up to 0x1f are those that the
// smaller of byte and 0x1f leaves as they are.
#define MARK(OFF, OUT) \
	MOVOU    OFF(SI), X0; \
	POR      X0, X7;      \
	MOVO     X0, X1;      \
	PCMPEQB  X4, X1;      \
	MOVO     X0, X2;      \
	PCMPEQB  X5, X2;      \
	POR      X2, X1;      \
	MOVO     X0, X3;      \
	PMINUB   X6, X3;      \
	PCMPEQB  X0, X3;      \
	POR      X3, X1;      \
	PMOVMSKB X1, OUT

// func markBlocksSSE2(marks, text *byte, blocks int) (high bool)
TEXT ·markBlocksSSE2(SB), NOSPLIT, $0-25
	MOVQ marks+0(FP), DI
	MOVQ text+8(FP), SI
	MOVQ blocks+16(FP), CX

	MOVQ       $0x2222222222222222, AX // quotes
	MOVQ       AX, X4
	PUNPCKLQDQ X4, X4
	MOVQ       $0x5c5c5c5c5c5c5c5c, AX // backslashes
	MOVQ       AX, X5
	PUNPCKLQDQ X5, X5
	MOVQ       $0x1f1f1f1f1f1f1f1f, AX // the last control character
	MOVQ       AX, X6
	PUNPCKLQDQ X6, X6
	PXOR       X7, X7

loop:
	MARK(0, R8)
	MARK(16, R9)
	MARK(32, R10)
	MARK(48, R11)
	SHLQ $16, R9
	ORQ  R9, R8
	SHLQ $32, R10
	ORQ  R10, R8
	SHLQ $48, R11
	ORQ  R11, R8
	MOVQ R8, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ  loop

	PMOVMSKB X7, AX
	TESTL    AX, AX
	SETNE    high+24(FP)
	RET
