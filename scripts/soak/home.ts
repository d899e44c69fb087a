/** Where the soak keeps its cluster: to be imported before anything of the tests'. */
process.env.HAUP_E2E_HOME ??= '/var/tmp/haup-soak';
