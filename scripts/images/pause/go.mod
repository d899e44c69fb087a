module haup.build/pause

go 1.24
