# Make a C string of a file, as a macro.
s/\\/\\\\/g
s/"/\\"/g
s/.*/"&\\n" \\/
1s/^/#define KIT_CHECK /
$s/ \\$//
