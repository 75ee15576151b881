int cnk_version(void);
