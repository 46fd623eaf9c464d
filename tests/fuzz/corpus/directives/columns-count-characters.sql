/* größe */ -- amend:nothing
