module haup.build/echo

go 1.24
