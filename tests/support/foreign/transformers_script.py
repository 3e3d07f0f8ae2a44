"""A script of transformers' Trainer, with the usual arguments."""

import time

import torch
from transformers import GPT2Config, GPT2LMHeadModel, HfArgumentParser, Trainer, TrainingArguments


class Words(torch.utils.data.Dataset):
    def __init__(self, count):
        self.words = torch.randint(0, 50, (count, 8), generator=torch.Generator().manual_seed(count))

    def __len__(self):
        return len(self.words)

    def __getitem__(self, index):
        time.sleep(0.001)
        return {"input_ids": self.words[index], "labels": self.words[index]}


if __name__ == "__main__":
    (arguments,) = HfArgumentParser(TrainingArguments).parse_args_into_dataclasses()
    config = GPT2Config(vocab_size=50, n_positions=8, n_embd=16, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0)
    trainer = Trainer(model=GPT2LMHeadModel(config), args=arguments, train_dataset=Words(400), eval_dataset=Words(16))
    trainer.train(resume_from_checkpoint=arguments.resume_from_checkpoint)
