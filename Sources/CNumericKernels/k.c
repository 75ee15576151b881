int cnk_version(void){return 1;}
