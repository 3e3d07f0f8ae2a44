"""The kinds of project that can be laid out: the folders of ``cockpit/templates``."""

TEMPLATES = ("lightning", "finetune", "minimal")
